// Trying the microphone: the level while it listens, and what it heard, played back.
import { chosen, keep, listen, silence } from "./devices.js";

const listensFor = 4000;

export async function tryMicrophone(meter, say) {
  let stream;
  try {
    stream = await listen();
  } catch {
    return say("trial-failed");
  }
  const audio = new AudioContext();
  const analyser = audio.createAnalyser();
  audio.createMediaStreamSource(stream).connect(analyser);
  const recorder = new MediaRecorder(stream);
  const parts = [];
  recorder.ondataavailable = ({ data }) => parts.push(data);
  recorder.start();
  say("trial-listening");
  const loudest = await follow(analyser, meter);
  await new Promise((resolve) => {
    recorder.onstop = resolve;
    recorder.stop();
  });
  silence(stream);
  audio.close();
  if (loudest < 0.01) return say("trial-silent");
  say("trial-playing");
  await play(new Blob(parts, { type: recorder.mimeType }));
  say("trial-done");
}

async function follow(analyser, meter) {
  const wave = new Float32Array(analyser.fftSize);
  const until = Date.now() + listensFor;
  let loudest = 0;
  while (Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    analyser.getFloatTimeDomainData(wave);
    const level = Math.sqrt(wave.reduce((sum, one) => sum + one * one, 0) / wave.length);
    loudest = Math.max(loudest, level);
    // As ears hear it: each doubling is one step.
    meter.value = Math.max(0, Math.min(1, 1 + Math.log10(level + 1e-4) / 3));
  }
  meter.value = 0;
  return loudest;
}

async function play(sound) {
  const player = new Audio(URL.createObjectURL(sound));
  await player.setSinkId?.(chosen().speaker).catch(() => keep("speaker", ""));
  await new Promise((resolve) => {
    player.onended = player.onerror = resolve;
    player.play().catch(resolve);
  });
  URL.revokeObjectURL(player.src);
}
