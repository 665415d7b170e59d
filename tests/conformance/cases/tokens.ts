import { allMistaken, type Case, gives, judged, lookup, request, tcp, tls } from "../case.ts";

const URL = "https://api.example/x";
const RESOLVER = "192.0.2.53:53/udp\n";

/** The attribute `token`: requests that carry the job's own GitHub token. */
export const tokens: readonly Case[] = [
  gives(
    "token=job is an attribute of every rule that sees requests",
    [
      "a.example token=job",
      "*.a.example token=job",
      "POST https://a.example/x token=job",
      "[https://a.example token=job]",
      "/y",
    ].join("\n"),
    ["host", "wildcard", "url", "path"].map((type) => ({
      type,
      attrs: { token: { text: "job", literal: false } },
    })),
  ),
  ...allMistaken("there is no other token", [
    "a.example token=mine",
    "a.example token=j*",
    "a.example token=`jo*`",
    "a.example token=JOB",
    'a.example token=""',
    "a.example token=job token=job",
    "[token=other]",
  ]),
  ...allMistaken("where no request is seen, no token is", [
    "a.example passthrough token=job",
    "a.example:53/udp token=job",
    "192.0.2.1 token=job",
    "192.0.2.0/24 token=job",
    "dns:a.example token=job",
  ]),
  judged("the job's token is let through, no other and not none", "api.example token=job", [
    [request(URL, { token: "job" }), "allow 0"],
    [request(URL, { token: "foreign" }), "block"],
    [request(URL, { token: "none" }), "block"],
    [request(URL, { token: "" }), "block"],
    [request(URL, { token: true }), "block"],
    [request(URL, { token: ["job"] }), "block"],
    [request(URL), "block"],
  ]),
  judged("method, path and token must all fit", "POST https://api.example/x token=job", [
    [request(URL, { token: "job", method: "POST" }), "allow 0"],
    [request(URL, { token: "job" }), "block"],
    [request(`${URL}/y`, { token: "job", method: "POST" }), "block"],
  ]),
  judged("another rule may want no token", "api.example token=job\nhttps://api.example/open", [
    [request("https://api.example/open", { token: "none" }), "allow 1"],
    [request("https://api.example/open", { token: "job" }), "allow 0"],
    [request(URL, { token: "none" }), "block"],
  ]),
  judged("a handshake shows no token: it goes on only to be decrypted", "api.example token=job", [
    [tls("api.example", { intercept: true }), "allow 0"],
    [tls("api.example"), "block"],
    [tls("api.example", { token: "job" }), "block"],
    [tcp("192.0.2.1", 443, { host: "api.example", token: "job" }), "block"],
  ]),
  judged("a whole rule counts before one worth decrypting", "a.example token=job\na.example", [
    [tls("a.example", { intercept: true }), "allow 1"],
  ]),
  judged("the name has to be looked up before there is a token", `${RESOLVER}a.example token=job`, [
    [lookup("a.example"), "allow 1"],
    [lookup("b.example"), "block"],
  ]),
];
