/** Half the width of the band that counts as the tone. */
const TONE_BAND_HZ = 40;
const SILENCE_DB = -70;
const HEARD_SHARE = 0.7;
/** Half of what the analyser looks at. */
const LISTEN_EVERY_MS = 40;

/** The page's microphone and ears: Chromium's own fake microphone beeps, which no test can tell apart. */
export class Sound {
  readonly #context = new AudioContext();
  readonly #oscillator = new OscillatorNode(this.#context, { type: 'sine', frequency: 440 });
  readonly #volume = new GainNode(this.#context, { gain: 0 });
  readonly #microphone = this.#context.createMediaStreamDestination();
  readonly #ears = new Map<string, AnalyserNode>();

  constructor() {
    this.#oscillator.connect(this.#volume).connect(this.#microphone);
    this.#oscillator.start();
  }

  /** From now on getUserMedia gives this microphone. A clone, because sip.js stops the track of a call that ends. */
  becomeMicrophone(): void {
    navigator.mediaDevices.getUserMedia = async () => this.#microphone.stream.clone();
  }

  play(tone: number | null): void {
    if (tone !== null) this.#oscillator.frequency.value = tone;
    this.#volume.gain.value = tone === null ? 0 : 0.3;
  }

  /** @param id the call's, for `hears` */
  listen(id: string, stream: MediaStream): void {
    const ear = new AnalyserNode(this.#context, { fftSize: 4096, smoothingTimeConstant: 0 });
    new MediaStreamAudioSourceNode(this.#context, { mediaStream: stream }).connect(ear);
    this.#ears.set(id, ear);
  }

  /** @returns the share of the energy heard that lies at the tone: at least 0.7, unless `within` ms have passed */
  hears(id: string, tone: number, within: number): Promise<number> {
    const end = performance.now() + within;
    return new Promise((resolve) => {
      const listen = () => {
        const share = this.#toneShare(id, tone);
        if (share > HEARD_SHARE || performance.now() > end) resolve(share);
        else setTimeout(listen, LISTEN_EVERY_MS);
      };
      listen();
    });
  }

  #toneShare(id: string, tone: number): number {
    const ear = this.#ears.get(id);
    if (!ear) return 0;
    const decibels = new Float32Array(ear.frequencyBinCount);
    ear.getFloatFrequencyData(decibels);
    const binHz = this.#context.sampleRate / ear.fftSize;
    let all = 0;
    let near = 0;
    for (const [bin, level] of decibels.entries()) {
      if (level < SILENCE_DB) continue;
      const power = 10 ** (level / 10);
      all += power;
      if (Math.abs(bin * binHz - tone) <= TONE_BAND_HZ) near += power;
    }
    return all === 0 ? 0 : near / all;
  }
}
