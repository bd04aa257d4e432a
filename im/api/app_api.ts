/**
 * app/info: how the server is doing, for anybody; names nobody: who is online is not everybody's business.
 * app/release: the newest release of the operator's app, as configured.
 */
import { integer, text, type OptionsOf } from '../../pkg/config/option.js';
import { imError } from '../errors.js';
import { toSeconds } from '../message/wire_time.js';
import type { ServerFigures } from './interface.js';

export const RELEASE_OPTIONS = {
  releaseVersionCode: integer(
    0,
    'number',
    { min: 0, max: 2_147_483_647 },
    'The newest release of your app, told by app/release: a number that grows; 0: none is announced.',
  ),
  releaseVersionName: text('', 'How people call that release.'),
  releaseAtS: integer(0, 's', { min: 0, max: 9_999_999_999 }, 'When it came out, seconds since 1970.'),
  releaseUrl: text('', 'Where to get it.'),
  releaseDescription: text('', 'What is new in it.'),
} as const;
export type ReleaseOptions = OptionsOf<typeof RELEASE_OPTIONS>;

export interface AppApiDeps {
  readonly figures: ServerFigures;
}

export class AppApi {
  readonly #options: ReleaseOptions;
  readonly #figures: ServerFigures;

  constructor(options: ReleaseOptions, deps: AppApiDeps) {
    this.#options = options;
    this.#figures = deps.figures;
  }

  info(): Promise<unknown> {
    return Promise.resolve({
      Online: this.#figures.onlineCount(),
      MaxOnline: this.#figures.maxOnlineCount(),
      MessageSent: this.#figures.messageCount(),
      StartAt: toSeconds(this.#figures.startedAtMs),
      OnlineCli: [],
    });
  }

  /** Throws NO_RELEASE where none is configured. */
  release(): Promise<unknown> {
    const { releaseVersionCode: code, releaseVersionName: name, releaseAtS, releaseUrl } = this.#options;
    const { releaseDescription: description } = this.#options;
    if (code === 0) return Promise.reject(imError('NO_RELEASE'));
    return Promise.resolve({
      VersionCode: code,
      VersionName: name,
      UpdateAt: releaseAtS,
      DownloadUrl: releaseUrl,
      Description: description,
      versionCode: code,
      versionName: name,
      updateAt: releaseAtS * 1000,
      downloadUrl: releaseUrl,
      description,
    });
  }
}
