/**
 * Stands for Runner.Listener: starts a worker for the job that it is given, and hands a cancellation on.
 *
 * Arguments: the worker's program, its script, the path of the job's message.
 *
 * @module
 */

import { spawn } from "node:child_process";
import { once } from "node:events";

const [program = "", ...args] = process.argv.slice(2);
const worker = spawn(program, args, { stdio: "inherit" });
process.on("SIGINT", () => worker.kill("SIGINT"));
await once(worker, "exit");
