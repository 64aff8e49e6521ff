// Stands in front of Vulkan's loader: all is as it is there, but nothing that is recorded or submitted is done, so that Dawn
// opens a device that is not there and compiles for it. IDLE_VULKAN_LOADER is the loader's path.

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

typedef void (*Function)(void);
typedef Function (*Lookup)(void *, const char *);

static Lookup ofInstance, ofDevice;

static int nothing(void) { return 0; } // VK_SUCCESS

static int isIdle(const char *name) {
  static const char *names[] = {
    "vkBeginCommandBuffer", "vkEndCommandBuffer", "vkQueueSubmit", "vkResetCommandPool", "vkWaitForFences", "vkGetFenceStatus",
  };
  if (strncmp(name, "vkCmd", 5) == 0) return 1;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    if (strcmp(name, names[i]) == 0) return 1;
  }
  return 0;
}

static Function deviceFunction(void *device, const char *name) {
  return isIdle(name) ? (Function)nothing : ofDevice(device, name);
}

Function vkGetInstanceProcAddr(void *instance, const char *name) {
  if (!ofInstance) {
    void *loader = dlopen(getenv("IDLE_VULKAN_LOADER"), RTLD_NOW | RTLD_LOCAL);
    if (!loader) return NULL;
    ofInstance = (Lookup)dlsym(loader, "vkGetInstanceProcAddr");
  }
  Function found = ofInstance(instance, name);
  if (strcmp(name, "vkGetDeviceProcAddr") != 0) return isIdle(name) ? (Function)nothing : found;
  ofDevice = (Lookup)found;
  return (Function)deviceFunction;
}
