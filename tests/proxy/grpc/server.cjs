// A gRPC server. argv: certificate, key. Says its port.
const fs = require("node:fs");
const grpc = require("@grpc/grpc-js");
const service = require("./service.cjs");

const [cert_chain, private_key] = process.argv.slice(2).map((path) => fs.readFileSync(path));
const server = new grpc.Server({ "grpc.max_receive_message_length": -1 });

server.addService(service, {
  Unary(call, callback) {
    const metadata = new grpc.Metadata();
    metadata.set("x-got", call.metadata.get("x-sent")[0] ?? "");
    metadata.set("x-got-bin", call.metadata.get("x-sent-bin")[0] ?? Buffer.alloc(0));
    call.sendMetadata(metadata);
    const trailer = new grpc.Metadata();
    trailer.set("x-size", String(call.request.length));
    callback(null, call.request, trailer);
  },
  Down(call) {
    for (let i = 0; i < Number(call.request); i++) call.write(Buffer.from(`message ${i}`));
    call.end();
  },
  Up(call, callback) {
    let size = 0;
    call.on("data", (message) => size += message.length);
    call.on("end", () => callback(null, Buffer.from(String(size))));
  },
  Both(call) {
    call.on("data", (message) => call.write(Buffer.from(`re: ${message}`)));
    call.on("end", () => call.end());
  },
  Fail(_call, callback) {
    callback({ code: grpc.status.NOT_FOUND, details: "no such thing" });
  },
  Denied(_call, callback) {
    callback(null, Buffer.from("never"));
  },
});

const credentials = grpc.ServerCredentials.createSsl(null, [{ cert_chain, private_key }]);
server.bindAsync("127.0.0.1:0", credentials, (error, port) => {
  if (error) throw error;
  console.log(port);
});
