// An HTTP/2 server for tests. argv: certificate, key, port, address, folder of git repositories. Says its
// port; echoes, counts, trails.
const { spawn } = require("node:child_process");
const http2 = require("node:http2");
const fs = require("node:fs");

const [cert, key] = process.argv.slice(2, 4).map((path) => fs.readFileSync(path));
const server = http2.createSecureServer({ cert, key, allowHTTP1: false });

server.on("session", (session) => session.on("error", () => {}));
server.on("stream", (stream, headers) => {
  const path = headers[":path"];
  stream.on("error", () => {});
  if (path.startsWith("/download/")) {
    stream.respond({ ":status": 200 });
    return stream.end(Buffer.alloc(Number(path.slice("/download/".length)), "d"));
  }
  if (path.endsWith("/hang")) return stream.respond({ ":status": 200 });
  if (repositories && path.startsWith("/project.git/")) return serveGit(stream, headers);
  let size = 0;
  stream.on("data", (piece) => size += piece.length);
  stream.on("end", () => {
    const trails = path === "/trailers";
    stream.respond({ ":status": 200, "x-version": "2" }, { waitForTrailers: trails });
    if (trails) stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(`${headers[":method"]} ${path} ${size}`);
  });
});
const [port = "0", address = "127.0.0.1", repositories] = process.argv.slice(4);

// git's own CGI program: its output is a head of `Name: value` lines, and the body.
function serveGit(stream, headers) {
  const [path, query = ""] = headers[":path"].split("?");
  const env = {
    ...process.env,
    GIT_PROJECT_ROOT: repositories,
    GIT_HTTP_EXPORT_ALL: "1",
    PATH_INFO: path,
    QUERY_STRING: query,
    REQUEST_METHOD: headers[":method"],
    CONTENT_TYPE: headers["content-type"] ?? "",
    HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
    GIT_PROTOCOL: headers["git-protocol"] ?? "",
  };
  const git = spawn("git", ["-c", "safe.directory=*", "http-backend"], { env });
  stream.pipe(git.stdin);
  const parts = [];
  git.stdout.on("data", (part) => parts.push(part));
  git.on("close", () => {
    const text = Buffer.concat(parts);
    const end = text.indexOf("\r\n\r\n");
    const fields = text.subarray(0, end).toString().split("\r\n").map((line) => line.split(": "));
    const { status = "200", ...head } = Object.fromEntries(
      fields.map(([name, value]) => [name.toLowerCase(), value]),
    );
    stream.respond({ ":status": parseInt(status), ...head });
    stream.end(text.subarray(end + 4));
  });
}

server.listen(Number(port), address, () => console.log(server.address().port));
