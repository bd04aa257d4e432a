/** How busy this thread's event loop is. */

/** Asks for the share of time in which the loop was busy since it was asked last (0-1). Costs well under a µs. */
export function loopShare(): () => number {
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
