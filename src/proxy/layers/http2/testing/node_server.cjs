// An HTTP/2 server without TLS; prints its port.
const http2 = require("node:http2");

const server = http2.createServer({ maxSessionMemory: 200 });
server.on("stream", (stream, headers) => {
  stream.on("error", () => {});
  const path = headers[":path"];
  if (path === "/echo") {
    let size = 0;
    stream.respond({ ":status": 200, "x-method": headers[":method"] }, { waitForTrailers: true });
    stream.on("data", (chunk) => size += chunk.length);
    stream.on("trailers", (trailers) => stream.got = trailers["x-up"]);
    stream.on(
      "wantTrailers",
      () => stream.sendTrailers({ "x-size": String(size), "x-got": stream.got ?? "" }),
    );
    return stream.pipe(stream);
  }
  if (path.startsWith("/large")) {
    stream.respond({ ":status": 200 });
    return stream.end(Buffer.alloc(Number(path.slice(7)), "z"));
  }
  stream.respond({
    ":status": 200,
    "x-auth": headers.authorization ?? "",
    "set-cookie": ["a=1", "b=2"],
  });
  stream.end(`you asked for ${path}`);
});
server.on("sessionError", () => {});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
