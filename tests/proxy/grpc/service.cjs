// A gRPC service without a .proto file: messages are plain bytes.
const bytes = (buffer) => buffer;
const method = (path, requestStream, responseStream) => ({
  path: `/test.Echo/${path}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});

module.exports = {
  Unary: method("Unary", false, false),
  Down: method("Down", false, true),
  Up: method("Up", true, false),
  Both: method("Both", true, true),
  Fail: method("Fail", false, false),
  Denied: method("Denied", false, false),
};
