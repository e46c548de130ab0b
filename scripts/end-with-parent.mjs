// @ts-check

const checkMs = 200;

/**
 * npm runs scripts through a shell, and a signal to npm ends npm and the shell but not the program: it sees that they
 * are gone, and ends as if it had got the signal itself.
 */
export function endWithParent() {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, checkMs);
  timer.unref();
}
