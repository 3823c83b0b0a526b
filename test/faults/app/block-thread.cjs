// Preloaded into a sender thread: its event loop stops after a while.
setTimeout(() => {
  for (;;);
}, 500);
