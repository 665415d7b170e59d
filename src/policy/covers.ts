/**
 * Does one rule select everything that another one selects?
 *
 * @module
 */

import { type CompiledRule } from "./compile.ts";
import { hostCovers } from "./names.ts";
import { pathMatches, type PathPattern } from "./path.ts";
import { maskTo } from "./address.ts";
import type { PortList, Rule } from "./types.ts";

/** Certain where it says yes; may say no where the answer is yes. */
export function covers(outer: CompiledRule, inner: CompiledRule): boolean {
  return targetCovers(outer, inner) && attrsCover(outer.rule, inner.rule) &&
    transportCovers(outer.rule, inner.rule) && flagsCover(outer.rule, inner.rule);
}

function isLookup(rule: Rule): boolean {
  return rule.type === "dns" || rule.type === "dns_wildcard";
}

function targetCovers(outer: CompiledRule, inner: CompiledRule): boolean {
  if (outer.block && inner.block) {
    if (outer.url || inner.url) return false;
    return outer.block.bits <= inner.block.bits &&
      maskTo(inner.block.network, outer.block.bits) ===
        maskTo(outer.block.network, outer.block.bits);
  }
  if (!outer.host || !inner.host || !hostCovers(outer.host, inner.host)) return false;
  // any rule for the name admits its lookups
  if (isLookup(inner.rule)) return true;
  if (isLookup(outer.rule)) return false;
  if (!outer.url) return true;
  return inner.url !== null && outer.url.scheme === inner.url.scheme &&
    methodsCover(outer.rule, inner.rule) && pathCovers(outer.url.path, inner.url.path);
}

function methodsCover(outer: Rule, inner: Rule): boolean {
  if (outer.methods?.includes("*")) return true;
  return inner.methods?.every((method) => outer.methods?.includes(method)) ?? false;
}

function pathCovers(outer: PathPattern, inner: PathPattern): boolean {
  const texts = inner.segments.map((glob) => glob.source);
  if (texts.every((text) => !text.includes("*"))) {
    if (inner.open && !outer.open) return false;
    return pathMatches(outer, texts);
  }
  return outer.open === inner.open && outer.segments.length === texts.length &&
    outer.segments.every((glob, i) => glob.source === texts[i]);
}

function transportCovers(outer: Rule, inner: Rule): boolean {
  if (isLookup(inner)) return true;
  return outer.protocol === inner.protocol && portsCover(outer.port, inner.port);
}

function portsCover(outer: PortList, inner: PortList): boolean {
  if (outer === "*") return true;
  return inner !== "*" && inner.every((port) => outer.includes(port));
}

function attrsCover(outer: Rule, inner: Rule): boolean {
  return Object.entries(outer.attrs).every(([name, value]) => {
    const other = inner.attrs[name];
    return other !== undefined && other.text === value.text && other.literal === value.literal &&
      other.quoted === value.quoted;
  });
}

function flagsCover(outer: Rule, inner: Rule): boolean {
  return outer.passthrough === inner.passthrough && outer.insecure === inner.insecure;
}
