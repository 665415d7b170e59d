/**
 * The kernel role's parts, put together, and what the supervisor can order.
 *
 * @module
 */

import type {
  ControlAuthority,
  ControlRequest,
  DenyReason,
  KernelBoot,
  KernelRelease,
  KernelStatus,
  LogEvent,
  ProcessInfo,
  SupervisorToKernel,
} from "../protocol/mod.ts";
import {
  decodeStats,
  GateMode,
  type GateStats,
  REPORT_SEEN_SIZE,
  STATS_SIZE,
} from "./bpf/layout.ts";
import type { BpfMap } from "./bpf/map.ts";
import { BpfObject } from "./bpf/object.ts";
import { RingBuffer } from "./bpf/ringbuf.ts";
import { possibleCpus } from "./bpf/cpus.ts";
import { ControlServer } from "./control/server.ts";
import { settleAuthority } from "./control/settle.ts";
import { libc } from "./ffi/libc.ts";
import { DockerClient } from "./containers/docker_client.ts";
import { ContainerImages } from "./containers/images.ts";
import { GateReports } from "./gate_reports.ts";
import { Engine } from "./link/engine.ts";
import { NetlinkSocket } from "./netlink/socket.ts";
import type { Attribution } from "./process/attribution.ts";
import { RoleRegister } from "./process/roles.ts";
import { ProxyServer } from "./proxy/server.ts";
import { attach, bindQueue, KEY_0, makeAttribution, named, watchUplinks } from "./start.ts";
import { StartError } from "./start_error.ts";
import { SyscallError } from "./sys/call.ts";
import { bootMillis } from "./sys/clock.ts";
import { type Epoll, Ready } from "./sys/epoll.ts";
import { readText } from "./sys/files.ts";
import { AllowedFlows } from "./udp/allowed.ts";
import { forgetOlder } from "./udp/older.ts";
import type { UdpQueue } from "./udp/queue.ts";
import type { Uplinks } from "./uplinks/uplinks.ts";

const PROCESS_EVENTS = 8 * 1024 * 1024;
const GATE_EVENTS = 256 * 1024;
const DOCKER_SOCKET = "/run/docker.sock";
/** ms between looks at deadlines, while there is one. */
const TICK = 250;

/** What the role tells the supervisor. */
export interface KernelOutput {
  log(event: LogEvent): void;
  engineLost(reason: string): void;
  /** A caller on the control socket asks. */
  control(id: number, request: ControlRequest, caller: ProcessInfo): void;
}

/** Everything attached. */
export class Kernel {
  /** Who may use the control socket, if there is one. */
  readonly authority: ControlAuthority | undefined;
  readonly #boot: KernelBoot;
  readonly #object: BpfObject;
  readonly #modeMap: BpfMap;
  readonly #statsMap: BpfMap;
  readonly #output: KernelOutput;
  readonly #attribution: Attribution;
  readonly #docker: DockerClient;
  readonly #reports: GateReports;
  readonly #engine: Engine;
  readonly #allowed: AllowedFlows;
  readonly #conntrack: NetlinkSocket;
  readonly #queue: UdpQueue;
  readonly #server: ProxyServer;
  readonly #uplinks: Uplinks | undefined;
  readonly #roles: RoleRegister;
  readonly #control: ControlServer | undefined;
  #toldLost = 0;
  #nextTick = 0;

  private constructor(boot: KernelBoot, object: BpfObject, epoll: Epoll, output: KernelOutput) {
    this.#boot = boot;
    this.#object = object;
    this.#output = output;
    this.#modeMap = object.map("gate_mode", 4);
    this.#statsMap = object.map("gate_stats", STATS_SIZE * possibleCpus());
    const processEvents = new RingBuffer(object.map("process_events", 0).fd, PROCESS_EVENTS);
    const gateEvents = new RingBuffer(object.map("gate_events", 0).fd, GATE_EVENTS);
    this.#docker = new DockerClient(epoll, boot.dockerSocket ?? DOCKER_SOCKET);
    const images = new ContainerImages(this.#docker.ask.bind(this.#docker), bootMillis);
    const lost = () => this.#stats().lost;
    const imageOf = images.imageOf.bind(images);
    this.#attribution = makeAttribution(boot, object, processEvents, lost, imageOf);
    this.#tellSlow(attach(boot, object));
    this.#uplinks = boot.uplinks || boot.machine ? watchUplinks(boot, object, epoll) : undefined;
    object.takeOver();
    this.#roles = new RoleRegister(object.map("role_pids", 8), object.map("role_sockets", 1));
    this.#attribution.addRunning();
    this.authority = boot.control && settleAuthority(boot.control, this.#attribution);
    const seen = object.map("reports_seen", REPORT_SEEN_SIZE);
    this.#reports = new GateReports(gateEvents, seen, this.#attribution, output.log);
    this.#engine = new Engine(epoll, output.engineLost);
    const conntrack = this.#conntrack = named("queue", () => new NetlinkSocket(8192));
    this.#allowed = new AllowedFlows(object.map("allowed_flows", 8), conntrack, boot.marks.allow);
    named("queue", () => this.#allowed.clear());
    const common = { engine: this.#engine, attribution: this.#attribution };
    this.#queue = bindQueue(boot, { ...common, allowed: this.#allowed, write: output.log });
    this.#server = named("socket", () => {
      return new ProxyServer(boot.socketPath, { ...common, epoll, conntrack, secret: boot.secret });
    });
    this.#control = this.#openControl(epoll);
    epoll.add(processEvents.fd, Ready.IN, () => this.#attribution.drain());
    epoll.add(gateEvents.fd, Ready.IN, () => this.#reports.drain(bootMillis()));
    epoll.add(this.#queue.fd, Ready.IN, () => this.#queue.handle());
  }

  /**
   * Attaches everything. Nothing passes until `open`.
   *
   * @throws {StartError}
   */
  static start(boot: KernelBoot, epoll: Epoll, output: KernelOutput): Kernel {
    if (libc.geteuid() !== 0) throw new StartError("no_root", "the kernel role is not root");
    const wanted = {
      machine: boot.machine === true,
      // Only where orders come by a control socket there may be a runner's worker.
      memory: boot.control !== undefined,
    };
    const object = BpfObject.load(boot.object, boot.pinDir, wanted);
    try {
      return new Kernel(boot, object, epoll, output);
    } catch (error) {
      object.abandon();
      throw error;
    }
  }

  /**
   * Takes over what a killed process left attached, and takes it away.
   *
   * @throws {StartError}
   */
  static release(boot: KernelRelease): void {
    const object = BpfObject.load(boot.object, boot.pinDir, {});
    attach(boot, object);
    object.detach();
  }

  #openControl(epoll: Epoll): ControlServer | undefined {
    const { control } = this.#boot;
    if (!control || !this.authority) return undefined;
    const { authority } = this;
    const { control: ask, log: write } = this.#output;
    const parts = { epoll, attribution: this.#attribution, authority, ask, write };
    return named("socket", () => new ControlServer(control.socketPath, parts));
  }

  /** Loads the policy into the engine and opens, unless it is to start closed; `done` gets the error, if any. */
  open(done: (error?: string) => void): void {
    const { engine, policy, audit, closed } = this.#boot;
    named("engine", () =>
      this.#engine.connect(engine, policy, (error) => {
        if (error === undefined) {
          this.setMode(closed ? "closed" : audit ? "audit" : "enforce", closed);
        } else this.#object.abandon();
        done(error);
      }));
  }

  /** Carries out an order other than `stop`; `answer` is called once. */
  order(order: Exclude<SupervisorToKernel, { op: "stop" }>, answer: (body: unknown) => void): void {
    const settle = (error?: string) => answer(error === undefined ? { ok: true } : { error });
    switch (order.op) {
      case "mode":
        this.setMode(order.mode, order.reason === "log_failed" ? "log_failed" : "unavailable");
        return settle();
      case "status":
        return answer(this.#status());
      case "control-answer":
        this.#control?.answer(order.id, order.answer);
        return settle();
      case "load":
        return this.#engine.load(order.policy, (error) => {
          if (error === undefined) this.#allowed.clear();
          settle(error);
        });
      case "roles":
        return settle(failureOf(() => this.#roles.set(order.pids)));
      case "forget-udp":
        return settle(failureOf(() => forgetOlder(this.#conntrack)));
      case "engine":
        return this.#reconnect(order.fifos, settle);
    }
  }

  /** @param reason what denials say while closed */
  setMode(mode: "enforce" | "audit" | "closed", reason: DenyReason = "unavailable"): void {
    this.#modeMap.set(KEY_0, new Uint8Array(new Uint32Array([GateMode[mode]]).buffer));
    this.#queue.mode = mode;
    this.#server.audit = mode === "audit";
    this.#server.closed = mode === "closed" ? reason : undefined;
    if (mode === "closed") this.#allowed.clear();
  }

  /** To be called after each round of the loop: sends verdicts, looks at deadlines now and then. */
  tick(): void {
    this.#queue.flush();
    const now = bootMillis();
    if (now < this.#nextTick) return;
    this.#nextTick = now + TICK;
    this.#engine.expire(now);
    this.#docker.expire(now);
    this.#queue.tick(now);
    this.#allowed.expire(now);
    this.#reports.tick(now);
    this.#control?.tick(now);
    this.#tellLost();
  }

  /** ms until the next `tick` is due, -1 if none is. */
  get patience(): number {
    const waiting = this.#engine.questions > 0 || this.#queue.waiting || this.#reports.waiting ||
      this.#allowed.size > 0 || this.#control?.waiting === true;
    return waiting ? TICK : -1;
  }

  /** Opens the scope: everything is detached. */
  stop(): void {
    this.#reports.drain(bootMillis());
    this.#reports.tick(Infinity);
    this.#queue.tick(Infinity);
    this.#server.close();
    this.#uplinks?.close();
    this.#object.detach();
    this.#queue.close();
  }

  #reconnect(fifos: KernelBoot["engine"], settle: (error?: string) => void): void {
    const policy = this.#engine.policy ?? this.#boot.policy;
    const failure = failureOf(() => this.#engine.connect(fifos, policy, settle));
    if (failure !== undefined) settle(failure);
  }

  #stats(): GateStats {
    return decodeStats(this.#statsMap.get(KEY_0) ?? new Uint8Array(0));
  }

  /** Says so when the roles' sockets could not be sped up: nothing else would show it. */
  #tellSlow(why: string | undefined): void {
    if (why === undefined) return;
    this.#output.log({
      ts: new Date().toISOString(),
      type: "error",
      message:
        `TCP_NODELAY cannot be set on the roles' sockets (${why}): small answers may take 40 ms`,
    });
  }

  /** Says so when process events were lost. */
  #tellLost(): void {
    const { lost } = this.#attribution;
    if (lost === this.#toldLost) return;
    this.#output.log({
      ts: new Date().toISOString(),
      type: "error",
      count: lost - this.#toldLost,
      message: "process events were lost: who made some traffic is known from /proc alone",
    });
    this.#toldLost = lost;
  }

  #status(): KernelStatus {
    const stats = this.#stats();
    const pages = Number(readText("/proc/self/statm")?.split(" ")[1]);
    return {
      gate: { passed: stats.passed, dropped: stats.dropped, reported: stats.reported },
      queue: { ...this.#queue.stats },
      processes: this.#attribution.size,
      flows: this.#allowed.size,
      questions: this.#engine.questions,
      ...(this.#uplinks && { uplinks: this.#uplinks.size }),
      ...(Number.isFinite(pages) && { rssBytes: pages * 4096 }),
    };
  }
}

/** Runs something and tells which system call failed, if one did. */
function failureOf(work: () => void): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof SyscallError)) throw error;
    return error.message;
  }
}
