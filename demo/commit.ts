// What is checked out, for the benchmark's reports.

import { execFileSync } from "node:child_process";

/** A commit, and whether files were changed since; "unknown" outside a checkout. */
export function commit(): string {
  try {
    const args = ["describe", "--always", "--dirty", "--exclude=*", "--abbrev=12"];
    return execFileSync("git", args, { cwd: import.meta.dirname, encoding: "utf8", stdio: "pipe" }).trim();
  } catch {
    return "unknown";
  }
}
