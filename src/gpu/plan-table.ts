// A plan for people.

import type { PlanDescription } from "./describe";
import { expectKind } from "./lifetime";

/** What a run of a plan does, a line a dispatch, and the totals. */
export function planTable(plan: { describe(): PlanDescription }): string {
  expectKind("planTable", "plan", typeof plan?.describe === "function", plan, "such as pass.program");
  const { lines, total } = plan.describe();
  const texts = lines.map((line) => [
    line.times > 1 ? `${line.label} (${line.times} times)` : line.label,
    line.kernel,
    line.workgroups.join("×"),
    (line.flops / 1e6).toFixed(2),
    (line.bytes / 1e6).toFixed(2),
  ]);
  texts.unshift(["label", "kernel", "workgroups", "Mflop", "MB"]);
  texts.push([
    `total: ${total.dispatches} dispatches`,
    "",
    "",
    (total.flops / 1e6).toFixed(2),
    (total.bytes / 1e6).toFixed(2),
  ]);
  const widths = texts[0]!.map((_, column) => texts.reduce((most, row) => Math.max(most, row[column]!.length), 0));
  const align = (text: string, column: number) =>
    column < 3 ? text.padEnd(widths[column]!) : text.padStart(widths[column]!);
  return texts.map((row) => row.map(align).join("  ").trimEnd()).join("\n");
}
