// A gRPC client. argv: front port, authority, CA file. Prints what came of each kind of call, as JSON.
const fs = require("node:fs");
const grpc = require("@grpc/grpc-js");
const service = require("./service.cjs");

const [port, authority, ca] = process.argv.slice(2);
const Client = grpc.makeGenericClientConstructor(service, "Echo");
const client = new Client(
  `127.0.0.1:${port}`,
  grpc.credentials.createSsl(fs.readFileSync(ca)),
  {
    "grpc.ssl_target_name_override": authority.split(":")[0],
    "grpc.default_authority": authority,
    "grpc.max_receive_message_length": -1,
    "grpc.enable_retries": 0,
  },
);

const unary = (name, message, metadata = new grpc.Metadata()) =>
  new Promise((resolve) => {
    const got = {};
    const call = client[name](message, metadata, (error, response) => {
      got.error = error && { code: error.code, details: error.details };
      got.size = response?.length;
      got.same = response?.equals(message);
      if (got.status || error) resolve(got);
    });
    call.on("metadata", (fields) => {
      got.metadata = [fields.get("x-got")[0], fields.get("x-got-bin")[0]?.toString("hex")];
    });
    call.on("status", (status) => {
      got.status = status.code;
      got.trailer = status.metadata.get("x-size")[0];
      if ("error" in got) resolve(got);
    });
  });

const down = (count) =>
  new Promise((resolve, reject) => {
    const messages = [];
    client.Down(Buffer.from(String(count)))
      .on("data", (message) => messages.push(String(message)))
      .on("error", reject)
      .on("end", () => resolve({ count: messages.length, last: messages.at(-1) }));
  });

const up = (count, size) =>
  new Promise((resolve, reject) => {
    const call = client.Up((error, response) => error ? reject(error) : resolve(String(response)));
    for (let i = 0; i < count; i++) call.write(Buffer.alloc(size, "u"));
    call.end();
  });

/** Each message is sent once the answer to the one before has come. */
const dialogue = (count) =>
  new Promise((resolve, reject) => {
    const got = [];
    const call = client.Both();
    call.on("data", (message) => {
      got.push(String(message));
      if (got.length < count) call.write(Buffer.from(`turn ${got.length}`));
      else call.end();
    });
    call.on("error", reject);
    call.on("end", () => resolve(got));
    call.write(Buffer.from("turn 0"));
  });

const cancelled = () =>
  new Promise((resolve) => {
    const call = client.Both();
    call.on("data", () => call.cancel());
    call.on("error", (error) => resolve(error.code));
    call.write(Buffer.from("x"));
  });

(async () => {
  const metadata = new grpc.Metadata();
  metadata.set("x-sent", "text");
  metadata.set("x-sent-bin", Buffer.from([0, 255]));
  const results = {
    unary: await unary("Unary", Buffer.from("hello"), metadata),
    empty: await unary("Unary", Buffer.alloc(0)),
    large: await unary("Unary", Buffer.alloc(8 << 20, "l")),
    down: await down(1000),
    up: await up(100, 10_000),
    both: await dialogue(20),
    atOnce:
      (await Promise.all(Array.from({ length: 100 }, (_, i) => unary("Unary", Buffer.alloc(i)))))
        .map((got) => got.size),
    failed: (await unary("Fail", Buffer.from("x"))).error,
    denied: (await unary("Denied", Buffer.from("x"))).error,
    cancelled: await cancelled(),
    after: (await unary("Unary", Buffer.from("still here"))).same,
  };
  console.log(JSON.stringify(results));
  client.close();
})();
