/** A logger for parts that are used outside a server, where a test looks at results and not at logs. */
import type { Logger } from '../../pkg/log/logger.js';

const nothing = (): void => undefined;

export const SILENT_LOGGER: Logger = { error: nothing, warn: nothing, info: nothing, debug: nothing };
