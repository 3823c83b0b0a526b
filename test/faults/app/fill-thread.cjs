// Preloaded into a sender thread: it uses up its memory after a while.
setTimeout(() => {
  const held = [];
  for (;;) held.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
}, 300);
