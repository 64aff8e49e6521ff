// three.js has no types of its own.
declare module "three/webgpu";
declare module "three/tsl";
