/** What Linux says about a process: CPU time of all its threads, resident memory. */
import { readFile } from 'node:fs/promises';

export interface CpuTime {
  readonly userMs: number;
  readonly systemMs: number;
}

/** The kernel counts CPU time for /proc in hundredths of a second on every platform that Node supports. */
const MS_PER_TICK = 10;

/** User and system time of the process since its start, its threads included. */
export async function cpuTime(pid: number): Promise<CpuTime> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  // The second field is the name in parentheses and may hold blanks; what is counted comes after it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { userMs: Number(fields[11]) * MS_PER_TICK, systemMs: Number(fields[12]) * MS_PER_TICK };
}

export async function residentBytes(pid: number): Promise<number> {
  return statusBytes(pid, 'VmRSS');
}

export async function peakResidentBytes(pid: number): Promise<number> {
  return statusBytes(pid, 'VmHWM');
}

async function statusBytes(pid: number, field: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/status has no ${field}`);
  return Number(kilobytes) * 1024;
}
