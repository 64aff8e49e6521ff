// Unpacks the browser that the npm package @sparticuz/chromium carries (Linux x64) into a cache folder of our own.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

// The package unpacks into os.tmpdir() without a lock and takes whatever an older version left there. A process of
// its own can be given another TMPDIR without disturbing this one. The last archive holds NSS, NSPR and Expat.
const unpackIntoTemporaryFolder = `
  import chromium, { inflate } from "@sparticuz/chromium";
  await chromium.executablePath();
  await inflate("bin/al2023.tar.br");
`;

// The system's fonts where there are any, and the package's own.
const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <include ignore_missing="yes">/etc/fonts/fonts.conf</include>
  <dir prefix="relative">fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

/**
 * Unpacks once per version of the package, safely in several processes at once: each fills a folder of its own, and
 * the first to finish renames it into place.
 *
 * @param cache the folder for unpacked versions; by default `.cache/tempograd` in the `node_modules` of the package.
 * @returns the folder with the browser `chromium`, SwiftShader (`vk_swiftshader_icd.json`, `libvulkan.so.1`),
 *   `fonts.conf`, and `al2023/lib`, libraries for systems that lack them.
 * @throws what the file system throws, for example where the cache cannot be written.
 */
export async function unpackChromium(cache?: string): Promise<string> {
  const packageFolder = dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
  const parent = cache ?? join(packageFolder, "../../.cache/tempograd");
  const { version } = JSON.parse(await readFile(join(packageFolder, "package.json"), "utf8"));
  const folder = join(parent, `chromium-${version}`);
  if (existsSync(folder)) return folder;

  await mkdir(parent, { recursive: true });
  const staging = await mkdtemp(`${folder}-`);
  try {
    await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", unpackIntoTemporaryFolder], {
      cwd: packageFolder,
      env: { ...process.env, TMPDIR: staging },
    });
    await writeFile(join(staging, "fonts.conf"), fontConfiguration);
    for (const path of [staging, join(staging, "chromium")]) await chmod(path, 0o755); // for other users too
    await rename(staging, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // else another process was first
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return folder;
}
