// An HTTP/2 server for tests. argv: certificate, key, port, address. Says its port; echoes, counts, trails.
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
  let size = 0;
  stream.on("data", (piece) => size += piece.length);
  stream.on("end", () => {
    const trails = path === "/trailers";
    stream.respond({ ":status": 200, "x-version": "2" }, { waitForTrailers: trails });
    if (trails) stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(`${headers[":method"]} ${path} ${size}`);
  });
});
const [port = "0", address = "127.0.0.1"] = process.argv.slice(4);
server.listen(Number(port), address, () => console.log(server.address().port));
