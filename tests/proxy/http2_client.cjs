// One HTTP/2 connection. argv: front port, authority, CA file. Each line of input is a JSON list of requests,
// all sent at once; the line of output is the list of answers.
const http2 = require("node:http2");
const fs = require("node:fs");
const readline = require("node:readline");
const tls = require("node:tls");

const [port, authority, ca] = process.argv.slice(2);
const session = http2.connect(`https://${authority}`, {
  settings: { initialWindowSize: 1 << 20 },
  createConnection: () =>
    tls.connect({
      host: "127.0.0.1",
      port: Number(port),
      servername: authority.split(":")[0],
      ca: fs.readFileSync(ca),
      ALPNProtocols: ["h2"],
    }),
});
session.on("error", (error) => {
  console.error(String(error));
  process.exit(1);
});

const answer = ({ method = "GET", path, size = 0, headers = {} }) =>
  new Promise((resolve) => {
    const stream = session.request({
      ":method": method,
      ":path": method === "CONNECT" ? undefined : path,
      ...headers,
    }, {
      endStream: size === 0,
    });
    const got = { status: 0, size: 0, text: "", trailers: undefined };
    stream.on("response", (fields) => got.status = fields[":status"]);
    stream.on("trailers", (fields) => got.trailers = { ...fields });
    stream.on("data", (piece) => {
      got.size += piece.length;
      if (got.text.length < 1000) got.text += piece;
    });
    stream.on("error", (error) => got.error = String(error));
    stream.on("close", () => resolve({ ...got, code: stream.rstCode }));
    if (size > 0) stream.end(Buffer.alloc(size, "u"));
  });

const lines = readline.createInterface({ input: process.stdin });
lines.on("line", async (line) => {
  console.log(JSON.stringify(await Promise.all(JSON.parse(line).map(answer))));
});
lines.on("close", () => session.close());
