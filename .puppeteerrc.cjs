// The browser is found at run time (demo/terminal/browser.ts), never downloaded while installing.
module.exports = { skipDownload: true };
