// Made by `deno task bundle:action` from src/action/enable_sudo.ts.
// src/action/hook.ts
import process from "node:process";

// src/action/commands.ts
function formatAnnotation({ level, message, ...place }) {
  const properties = [
    "title",
    "file",
    "line",
    "col"
  ].flatMap((key) => place[key] === void 0 ? [] : [
    `${key}=${escapeProperty(place[key])}`
  ]).join(",");
  return `::${level}${properties === "" ? "" : ` ${properties}`}::${escapeData(message)}`;
}
function plainLine(text) {
  const line = withoutControls(text).replaceAll("##[", "## [");
  return /^\s*::/.test(line) ? `. ${line}` : line;
}
function withoutControls(text) {
  return text.replace(CONTROLS, "\uFFFD");
}
var CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;
function escapeData(text) {
  return text.replaceAll("##[", "## [").replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
function escapeProperty(value) {
  return escapeData(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

// src/action/errors.ts
var HookError = class extends Error {
  annotations;
  name;
  /** @param annotations absent: the message itself */
  constructor(message, annotations, options) {
    super(message, options), this.annotations = annotations, this.name = "HookError";
  }
};
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  const more = error instanceof TypeError && cause instanceof Error;
  return more ? `${error.message}: ${cause.message}` : error.message;
}

// src/action/hook.ts
function say(text) {
  console.log(plainLine(text));
}
function annotate(annotations) {
  for (const annotation of annotations) console.log(formatAnnotation(annotation));
}
function fail(...annotations) {
  annotate(annotations);
  process.exitCode = 1;
}
async function runHook(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof HookError) {
      fail(...error.annotations ?? [
        {
          level: "error",
          title: "egress",
          message: error.message
        }
      ]);
      return;
    }
    const message = error instanceof Error ? error.stack ?? error.message : String(error);
    fail({
      level: "error",
      title: "egress",
      message: `a defect in egress: ${message}`
    });
  }
}

// src/action/control.ts
import { createConnection } from "node:net";
var CONTROL_SOCKET = "/run/egress/control.sock";
var NotRunning = class extends Error {
  name = "NotRunning";
};
var Refused = class extends Error {
  name = "Refused";
};
var MAX_ANSWER = 4 * 1024 * 1024;
var PATIENCE = 6e4;
var REFUSAL_PATIENCE = 5e3;
async function ask(request, path = CONTROL_SOCKET) {
  const line = await exchange(path, JSON.stringify(request) + "\n");
  const answer = parse(line);
  if (typeof answer["error"] === "string") throw new Refused(answer["error"]);
  return answer;
}
function parse(line) {
  try {
    const value = JSON.parse(line);
    if (typeof value === "object" && value !== null) return value;
  } catch {
  }
  throw new NotRunning("the guard ended before it answered");
}
async function exchange(path, line) {
  try {
    return await converse(path, line, PATIENCE);
  } catch (error) {
    const { code } = error;
    const refused = code === "EPIPE" || code === "ECONNRESET";
    const text = refused ? await converse(path, "", REFUSAL_PATIENCE).catch(() => "") : "";
    if (text !== "") return text;
    throw new NotRunning(`no guard answers (${reasonOf(error)})`, {
      cause: error
    });
  }
}
function converse(path, line, patience) {
  return new Promise((resolve, reject) => {
    const socket = createConnection({
      path
    });
    let text = "";
    socket.setEncoding("utf8");
    socket.setTimeout(patience, () => socket.destroy(new Error("it took too long")));
    if (line !== "") socket.on("connect", () => socket.write(line));
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.length > MAX_ANSWER) socket.destroy(new Error("the answer is too long"));
    });
    socket.on("end", () => resolve(text));
    socket.on("error", (error) => text.endsWith("\n") ? resolve(text) : reject(error));
  });
}

// src/action/sudo.ts
async function orderSudo(op) {
  try {
    const { sudo } = await ask({
      op
    });
    const wanted = op === "disable-sudo" ? "disabled" : "allowed";
    if (sudo !== wanted && sudo !== "absent") throw new Error(`sudo is ${sudo}`);
    say(`egress: sudo is ${sudo} from here on`);
  } catch (error) {
    throw new HookError(`${op} failed: ${reasonOf(error)}`, void 0, {
      cause: error
    });
  }
}

// src/action/enable_sudo.ts
await runHook(() => orderSudo("enable-sudo"));
