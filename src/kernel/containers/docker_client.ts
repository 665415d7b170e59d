/**
 * Asks Docker over its socket, without ever waiting for it.
 *
 * @module
 */

import { SyscallError } from "../sys/call.ts";
import { bootMillis } from "../sys/clock.ts";
import { type Epoll, Ready } from "../sys/epoll.ts";
import { type Fd, read, write } from "../sys/fd.ts";
import { connectUnix } from "../sys/unix.ts";
import type { ContainerId } from "./container_id.ts";
import { ANSWER_LIMIT, imageIn, questionFor } from "./docker_answer.ts";
import { imageFromFiles } from "./other_engines.ts";

/** A question that takes longer has no answer, ms. */
const PATIENCE_MS = 1000;
/** Questions at a time. */
const AT_ONCE = 32;
const CHUNK = 65536;

interface Question {
  id: string;
  fd: Fd;
  deadline: number;
  parts: Uint8Array[];
  size: number;
  done(image: string | undefined): void;
}

/** One connection a question: they are few, and Docker's end needs no looking after. */
export class DockerClient {
  readonly #epoll: Epoll;
  readonly #path: string;
  readonly #open = new Set<Question>();

  /** @param path of Docker's socket; it need not be there */
  constructor(epoll: Epoll, path: string) {
    this.#epoll = epoll;
    this.#path = path;
  }

  /** Whether `expire` is to be called. */
  get waiting(): boolean {
    return this.#open.size > 0;
  }

  /** Asks for the image of a container; `done` is called once. */
  ask(container: ContainerId, done: (image: string | undefined) => void): void {
    if (container.engine !== "docker") return done(imageFromFiles(container.engine, container.id));
    if (this.#open.size >= AT_ONCE) return done(undefined);
    const fd = this.#connect(container.id);
    if (!fd) return done(undefined);
    const deadline = bootMillis() + PATIENCE_MS;
    const question: Question = { id: container.id, fd, deadline, parts: [], size: 0, done };
    this.#open.add(question);
    this.#epoll.add(fd.number, Ready.IN, () => this.#read(question));
  }

  /** Gives up what is overdue. @param now ms since boot */
  expire(now: number): void {
    for (const question of this.#open) if (question.deadline <= now) this.#end(question, undefined);
  }

  /** Connected, with the question sent: it is small enough for any socket's buffer. */
  #connect(id: string): Fd | undefined {
    let fd: Fd | undefined;
    try {
      fd = connectUnix(this.#path);
      const question = questionFor(id);
      if (write(fd.number, question) === question.length) return fd;
    } catch (error) {
      // No Docker, or one that is being restarted: then its containers have no name for now.
      if (!(error instanceof SyscallError)) throw error;
    }
    fd?.close();
    return undefined;
  }

  #read(question: Question): void {
    const chunk = new Uint8Array(CHUNK);
    try {
      const size = read(question.fd.number, chunk);
      if (size === undefined) return;
      question.size += size;
      if (size > 0 && question.size <= ANSWER_LIMIT) {
        question.parts.push(chunk.subarray(0, size));
        return;
      }
    } catch (error) {
      if (!(error instanceof SyscallError)) throw error;
      return this.#end(question, undefined);
    }
    this.#end(question, imageIn(joined(question), question.id));
  }

  #end(question: Question, image: string | undefined): void {
    this.#open.delete(question);
    this.#epoll.remove(question.fd.number);
    question.fd.close();
    question.done(image);
  }
}

function joined({ parts }: Question): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
