// The browser is found at run time (demo/terminal/chromium.ts), never downloaded while installing.
module.exports = { skipDownload: true };
