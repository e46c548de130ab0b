import { afterEach, describe, expect, it, vi } from 'vitest';
import { effectScope } from 'vue';
import { useCamera } from '../../../src-renderer/composables/use-camera.ts';
import type { CameraUse } from '../../../src-renderer/composables/use-camera.ts';
import { settled } from '../with-app.ts';

/** A camera's picture, as far as it matters who lets go of it. */
function inventStream(deviceId: string, facingMode?: string) {
  const track = Object.assign(new EventTarget(), { stop: vi.fn(), getSettings: () => ({ deviceId, ...(facingMode === undefined ? {} : { facingMode }) }) });
  return { track, stream: { getTracks: () => [track], getVideoTracks: () => [track] } };
}
const devices = [{ kind: 'audioinput', deviceId: 'ear', label: 'Microphone' }, { kind: 'videoinput', deviceId: 'front', label: 'Front' }, { kind: 'videoinput', deviceId: 'back', label: '' }];
const getUserMedia = vi.fn<(wish: MediaStreamConstraints) => Promise<unknown>>();
let scope = effectScope();

function use({ secure = true } = {}): CameraUse {
  vi.stubGlobal('isSecureContext', secure);
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia, enumerateDevices: () => Promise.resolve(devices) } });
  scope = effectScope();
  const camera = scope.run(useCamera);
  if (!camera) throw new Error('the scope has ended');
  return camera;
}
afterEach(() => {
  scope.stop();
  getUserMedia.mockReset();
  vi.unstubAllGlobals();
});

describe('a camera', () => {
  it('asks for the one that looks away and for no sound, and tells of the others', async () => {
    const { stream } = inventStream('back', 'environment');
    getUserMedia.mockResolvedValue(stream);
    const camera = use();
    await camera.start();
    expect(getUserMedia.mock.calls[0]?.[0]).toMatchObject({ audio: false, video: { facingMode: { ideal: 'environment' } } });
    expect(camera.state.value).toEqual({ kind: 'on', stream, camera: 'back', mirrored: false });
    expect(camera.cameras.value).toEqual([{ id: 'front', name: 'Front' }, { id: 'back', name: '' }]);
  });

  it('is let go when another one is chosen, and with its scope', async () => {
    const [first, second] = [inventStream('back', 'environment'), inventStream('front')];
    getUserMedia.mockResolvedValueOnce(first.stream).mockResolvedValueOnce(second.stream);
    const camera = use();
    await camera.start();
    await camera.start('front');
    expect(getUserMedia.mock.calls[1]?.[0]).toMatchObject({ video: { deviceId: { exact: 'front' } } });
    expect(first.track.stop).toHaveBeenCalledTimes(1);
    expect(camera.state.value).toMatchObject({ kind: 'on', camera: 'front', mirrored: true });
    scope.stop();
    expect(second.track.stop).toHaveBeenCalledTimes(1);
  });

  it('that comes after nobody waits for it any more is let go at once', async () => {
    const { stream, track } = inventStream('back');
    let come = (_stream: unknown): void => undefined;
    getUserMedia.mockReturnValue(new Promise((resolve) => { come = resolve; }));
    const camera = use();
    void camera.start();
    scope.stop();
    come(stream);
    await settled();
    expect(track.stop).toHaveBeenCalledTimes(1);
    expect(camera.state.value).toEqual({ kind: 'stopped' });
  });

  it('that is unplugged says so', async () => {
    const { stream, track } = inventStream('back');
    getUserMedia.mockResolvedValue(stream);
    const camera = use();
    await camera.start();
    track.dispatchEvent(new Event('ended'));
    expect(camera.state.value).toEqual({ kind: 'off', why: 'none' });
  });

  it.each([['NotAllowedError', 'denied'], ['NotFoundError', 'none'], ['OverconstrainedError', 'none'], ['NotReadableError', 'failed'], ['AbortError', 'failed']])('that fails with %s is %s', async (name, why) => {
    getUserMedia.mockRejectedValue(new DOMException('', name));
    const camera = use();
    await camera.start();
    expect(camera.state.value).toEqual({ kind: 'off', why });
  });

  it('is not asked for by a page that others could have changed on its way', async () => {
    const camera = use({ secure: false });
    await camera.start();
    expect(camera.state.value).toEqual({ kind: 'off', why: 'insecure' });
    expect(getUserMedia).not.toHaveBeenCalled();
  });
});
