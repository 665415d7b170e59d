/**
 * Headers: the context that rules below them are read in.
 *
 * @module
 */

import { readAttrs, readHost, readPorts } from "./parts.ts";
import type { HeaderNode, UrlNode } from "./grammar.js";
import type { AttrValue, Defaults, PortList } from "./types.ts";

/** What is in force for a rule that does not say otherwise. */
export interface Section {
  port: PortList;
  protocol: "tcp" | "udp";
  methods: string[];
  attrs: Record<string, AttrValue>;
  passthrough: boolean;
  insecure: boolean;
  /** Base URL as written. */
  base: string | null;
}

/** The context above the first header, and what every header starts from. */
export function startSection(defaults: Defaults = {}): Section {
  return {
    port: defaults.port ?? [443],
    protocol: defaults.protocol ?? "tcp",
    methods: defaults.methods ?? ["GET", "HEAD"],
    attrs: defaults.attrs ?? {},
    passthrough: false,
    insecure: false,
    base: null,
  };
}

/**
 * The context that a header sets.
 *
 * @throws {LineProblem}
 */
export function headerSection(node: HeaderNode, start: Section): Section {
  const section = { ...start, attrs: { ...start.attrs, ...readAttrs(node.attrs) } };
  const context = node.context;
  if (context === null) return section;
  switch (context.kind) {
    case "flag":
      section[context.flag] = true;
      return section;
    case "methods":
      section.methods = context.methods;
      return section;
    case "ports":
      section.port = readPorts(context);
      section.protocol = context.proto ?? section.protocol;
      return section;
    case "base":
      section.base = context.text;
      section.port = urlPorts(context);
      section.protocol = "tcp";
      return section;
  }
}

/**
 * Checks host and ports of a URL and returns its ports.
 *
 * @throws {LineProblem}
 */
export function urlPorts(url: UrlNode): PortList {
  readHost(url.host, url.at);
  if (url.ports) return readPorts(url.ports);
  return url.scheme === "https" ? [443] : [80];
}
