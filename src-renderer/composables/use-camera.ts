import { onScopeDispose, shallowReadonly, shallowRef } from 'vue';
import type { Ref } from 'vue';

export interface Camera {
  readonly id: string;
  /** Empty where the system does not tell. */
  readonly name: string;
}

/** `insecure`: browsers give no camera to a page that others could have changed on its way. */
export type CameraTrouble = 'insecure' | 'none' | 'denied' | 'failed';
export type CameraState =
  | { readonly kind: 'starting' | 'stopped' }
  /** `mirrored`: it looks at the person, who expects a mirror. */
  | { readonly kind: 'on'; readonly stream: MediaStream; readonly camera: string; readonly mirrored: boolean }
  | { readonly kind: 'off'; readonly why: CameraTrouble };

export interface CameraUse {
  readonly state: Readonly<Ref<CameraState>>;
  /** Known once one is on. */
  readonly cameras: Readonly<Ref<readonly Camera[]>>;
  /** Without a camera: the one that looks away from the person, where there are several. */
  start(camera?: string): Promise<void>;
  stop(): void;
}

/** Enough for a code that fills a third of the picture, and quick to look through. */
const wanted = { width: { ideal: 1280 }, height: { ideal: 720 } } as const;

function troubleOf(thrown: unknown): CameraTrouble {
  switch (thrown instanceof Error ? thrown.name : '') {
    case 'NotAllowedError': case 'SecurityError': return 'denied';
    case 'NotFoundError': case 'OverconstrainedError': return 'none';
    default: return 'failed';
  }
}

/** A camera that is on for as long as somebody looks, and never longer: it is let go with the scope. */
export function useCamera(): CameraUse {
  const state = shallowRef<CameraState>({ kind: 'stopped' });
  const cameras = shallowRef<readonly Camera[]>([]);
  /** Counts wishes: what an earlier one brings is let go at once. */
  let wish = 0;

  function letGo(): void {
    if (state.value.kind !== 'on') return;
    for (const track of state.value.stream.getTracks()) track.stop();
  }
  function stop(): void {
    wish++;
    letGo();
    state.value = { kind: 'stopped' };
  }

  async function start(camera?: string): Promise<void> {
    stop();
    const mine = wish;
    if (!window.isSecureContext || !('mediaDevices' in navigator)) {
      state.value = { kind: 'off', why: 'insecure' };
      return;
    }
    state.value = { kind: 'starting' };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { ...wanted, ...(camera === undefined ? { facingMode: { ideal: 'environment' } } : { deviceId: { exact: camera } }) } });
      const [track] = stream.getVideoTracks();
      if (mine !== wish || !track) {
        for (const each of stream.getTracks()) each.stop();
        if (mine === wish) state.value = { kind: 'off', why: 'none' };
        return;
      }
      track.addEventListener('ended', () => { if (mine === wish) state.value = { kind: 'off', why: 'none' }; });
      const { deviceId = '', facingMode } = track.getSettings();
      state.value = { kind: 'on', stream, camera: deviceId, mirrored: facingMode !== 'environment' };
      // Names are told only to a page that may use a camera.
      const devices = await navigator.mediaDevices.enumerateDevices();
      if (mine === wish) cameras.value = devices.filter((device) => device.kind === 'videoinput').map((device) => ({ id: device.deviceId, name: device.label }));
    } catch (thrown) {
      if (mine !== wish) return;
      letGo();
      state.value = { kind: 'off', why: troubleOf(thrown) };
    }
  }
  onScopeDispose(stop);

  return { state: shallowReadonly(state), cameras: shallowReadonly(cameras), start, stop };
}
