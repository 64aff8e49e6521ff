// The packages of the peers that Vite's server must bundle before a page opens: a worker that meets one later would make
// it reload the page in mid-run.

export const peerPackages = [
  "@jax-js/jax",
  "@tensorflow/tfjs-backend-cpu",
  "@tensorflow/tfjs-backend-webgl",
  "@tensorflow/tfjs-backend-webgpu",
  "@tensorflow/tfjs-core",
  "brain.js/browser.js",
];
