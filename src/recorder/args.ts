/**
 * The recorder's command line.
 *
 * @module
 */

import { parseArgs } from "node:util";

/** Shown by `deno task record --help`. */
export const HELP = `deno task record: run the proxy as an explicit local proxy and write a playbook

  deno task record [options] FILE

  --policy FILE        the policy that answers (default: nothing is allowed, and in audit nothing blocked)
  --policy-text TEXT   the policy itself
  --enforce            block what the policy does not allow (default: audit)
  --port PORT          where to listen for CONNECT on 127.0.0.1 (default 8080; 0: any)
  --dns-port PORT      where to listen for lookups, UDP and TCP (default 5300; 0: any)
  --resolver ADDRESS[:PORT]  who answers lookups (default: the first of /etc/resolv.conf)
  --upstream-ca FILE   also trust this CA (PEM) for servers; may be repeated
  --ca FILE            where to write the CA that clients must trust (default: FILE.ca.pem)

FILE is the playbook. It ends with Ctrl-C. docs/recorder.md has examples with curl and dig.
`;

/** What the recorder was told. */
export interface RecorderArgs {
  help: boolean;
  file: string;
  policyFile?: string;
  policyText?: string;
  audit: boolean;
  port: number;
  dnsPort: number;
  resolver?: { hostname: string; port: number };
  upstreamCas: string[];
  caFile: string;
}

/** The command line makes no sense. */
export class RecorderUsageError extends Error {
  override name = "RecorderUsageError";
}

/** Reads the command line. @throws {RecorderUsageError} saying what is wrong */
export function parseRecorderArgs(args: string[]): RecorderArgs {
  const { values, positionals } = parse(args);
  const help = values.help ?? false;
  const [file] = positionals;
  if (!help && (file === undefined || positionals.length > 1)) {
    throw new RecorderUsageError("name one file for the playbook");
  }
  const { resolver } = values;
  return {
    help,
    file: file ?? "",
    ...(values.policy !== undefined && { policyFile: values.policy }),
    ...(values["policy-text"] !== undefined && { policyText: values["policy-text"] }),
    audit: !values.enforce,
    port: portOf("--port", values.port ?? "8080"),
    dnsPort: portOf("--dns-port", values["dns-port"] ?? "5300"),
    ...(resolver !== undefined && { resolver: resolverOf(resolver) }),
    upstreamCas: values["upstream-ca"] ?? [],
    caFile: values.ca ?? `${file}.ca.pem`,
  };
}

function parse(args: string[]) {
  const text = { type: "string" } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        help: { ...flag, short: "h" },
        policy: text,
        "policy-text": text,
        enforce: flag,
        port: text,
        "dns-port": text,
        resolver: text,
        "upstream-ca": { ...text, multiple: true },
        ca: text,
      },
    });
  } catch (error) {
    // The parser's only errors are about the arguments.
    throw new RecorderUsageError(error instanceof Error ? error.message : String(error));
  }
}

function portOf(option: string, text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port;
  throw new RecorderUsageError(`${option} ${text} is no port`);
}

function resolverOf(text: string): { hostname: string; port: number } {
  const match = /^(\d{1,3}(?:\.\d{1,3}){3})(?::(\d{1,5}))?$/.exec(text);
  if (!match) throw new RecorderUsageError(`--resolver ${text} is no IPv4 address`);
  return { hostname: match[1]!, port: portOf("--resolver", match[2] ?? "53") };
}
