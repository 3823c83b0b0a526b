// Preloaded into a sender thread: its event loop stops after a while.
setTimeout(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), 500);
