// An HTTP/2 client without TLS: `node_client.cjs PORT SCENARIO` prints what it saw as JSON.
const http2 = require("node:http2");
const { createHash } = require("node:crypto");

// The default of 10 MB ends streams when large bodies wait to be sent.
const session = http2.connect(`http://127.0.0.1:${process.argv[2]}`, { maxSessionMemory: 200 });

function request(headers, body, trailers) {
  return new Promise((resolve, reject) => {
    const stream = session.request(
      { ":authority": "a.example", ...headers },
      { endStream: body === undefined, waitForTrailers: trailers !== undefined },
    );
    const seen = { hash: createHash("sha256"), size: 0, text: "" };
    stream.on("response", (head) => seen.head = head);
    stream.on("trailers", (list) => seen.trailers = list);
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.on("data", (chunk) => {
      seen.size += chunk.length;
      seen.hash.update(chunk);
      if (seen.text.length < 200) seen.text += chunk.toString("latin1").slice(0, 200);
    });
    stream.on("error", reject);
    stream.on(
      "close",
      () => resolve({ ...seen, hash: seen.hash.digest("hex"), rst: stream.rstCode }),
    );
    if (body !== undefined) stream.end(body);
  });
}

const scenarios = {
  async streams() {
    const all = Array.from(
      { length: 100 },
      (_, i) =>
        request({ ":path": i % 10 === 3 ? `/denied/${i}` : `/n/${i}`, authorization: `key ${i}` }),
    );
    return (await Promise.all(all)).map((
      { head, text },
    ) => [head[":status"], head["x-auth"], text]);
  },
  async bodies() {
    const body = Buffer.alloc(8 << 20, "0123456789abcdef-");
    const [echo, large, denied] = await Promise.all([
      request({ ":method": "POST", ":path": "/echo" }, body, { "x-up": "up" }),
      request({ ":path": `/large/${32 << 20}` }),
      request({ ":method": "POST", ":path": "/denied" }, body),
    ]);
    return {
      same: echo.hash === createHash("sha256").update(body).digest("hex"),
      trailers: { ...echo.trailers },
      large: large.size,
      denied: [denied.head[":status"], denied.text, denied.rst],
      after: (await request({ ":path": "/n/after" })).text,
    };
  },
  async rate() {
    let count = 0;
    const until = Date.now() + 3000;
    const loop = async () => {
      for (; Date.now() < until; count++) await request({ ":path": "/n/1", accept: "text/html" });
    };
    await Promise.all(Array.from({ length: 100 }, loop));
    return { perSecond: Math.round(count / 3) };
  },
};

scenarios[process.argv[3]]().then(
  (result) => {
    console.log(JSON.stringify(result));
    session.close();
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
