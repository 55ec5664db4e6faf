// The city's own exchange: SIP over a secure WebSocket, by JsSIP.
const expires = 120;
// Relays that do not answer would hold a call up for long: what was found until then is enough.
const gatherFor = 500;

export function exchange(host) {
  let ua = null;
  let session = null;
  let devices = {};
  let relays = [];
  const sound = new Audio();
  sound.autoplay = true;

  function start(credentials, chosen) {
    use(chosen);
    relays = credentials.relays ?? [];
    ua = new JsSIP.UA({
      sockets: [new JsSIP.WebSocketInterface(credentials.address)],
      uri: credentials.uri,
      authorization_user: credentials.user,
      password: credentials.password,
      register_expires: expires,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 15,
      user_agent: "Hotline",
    });
    ua.on("registered", () => host.registered());
    ua.on("registrationFailed", ({ response }) => host.unregistered([401, 403, 407].includes(response?.status_code) ? "refused" : "unreachable"));
    ua.on("disconnected", () => host.unregistered("unreachable"));
    ua.on("newRTCSession", ({ originator, session: coming }) => originator === "remote" && comes(coming));
    ua.start();
  }

  function renew(credentials) {
    relays = credentials.relays ?? [];
    ua.set("authorization_user", credentials.user);
    ua.set("password", credentials.password);
    if (ua.isConnected()) ua.register();
    else ua.start();
  }

  function comes(coming) {
    if (session) return coming.terminate({ status_code: 486 });
    session = coming;
    let waiting = 0;
    coming.on("peerconnection", ({ peerconnection }) => hear(peerconnection));
    coming.on("icecandidate", ({ ready }) => {
      clearTimeout(waiting);
      waiting = setTimeout(ready, gatherFor);
    });
    coming.on("confirmed", () => host.talking());
    coming.on("getusermediafailed", () => host.trouble("microphone_refused"));
    for (const end of ["ended", "failed"]) {
      coming.on(end, () => {
        if (session !== coming) return;
        session = null;
        host.ended();
      });
    }
    host.incoming();
  }

  function hear(connection) {
    connection.addEventListener("track", ({ streams, track }) => {
      sound.srcObject = streams[0] ?? new MediaStream([track]);
    });
  }

  function use(chosen) {
    devices = chosen ?? {};
    sound.setSinkId?.(devices.speaker || "").catch(() => host.trouble("speaker_gone"));
    if (session?.isEstablished()) changeMicrophone();
  }

  async function changeMicrophone() {
    const stream = await navigator.mediaDevices.getUserMedia(heard()).catch(() => host.trouble("microphone_refused"));
    const sender = session?.connection?.getSenders().find((one) => one.track?.kind === "audio");
    if (!stream || !sender) return;
    const before = sender.track;
    stream.getAudioTracks()[0].enabled = before.enabled;
    await sender.replaceTrack(stream.getAudioTracks()[0]);
    before.stop();
  }

  const heard = () => ({ audio: devices.microphone ? { deviceId: { exact: devices.microphone } } : true, video: false });

  return {
    start,
    renew,
    use,
    answer: () => session?.answer({ mediaConstraints: heard(), pcConfig: { iceServers: relays } }),
    hangUp: () => session?.terminate(),
    mute: (on) => (on ? session?.mute({ audio: true }) : session?.unmute({ audio: true })),
    keys: (digits) => session?.sendDTMF(digits, { transportType: "RFC2833" }),
    quality: async () => (session?.connection ? heardOn(await session.connection.getStats()) : null),
    stop() {
      session?.terminate();
      ua?.stop();
    },
  };
}

let before = { lost: 0, received: 0 };

// Lost since the last time, not since the beginning: a line that was bad and is good again is good.
function heardOn(stats) {
  // Where nothing at all has come the line is dead, whatever was lost on it.
  const found = { loss: 1, jitter: 0, roundTrip: 0 };
  stats.forEach((one) => {
    if (one.type === "inbound-rtp" && one.kind === "audio") {
      const lost = Math.max(one.packetsLost - before.lost, 0);
      const received = Math.max(one.packetsReceived - before.received, 0);
      before = { lost: one.packetsLost, received: one.packetsReceived };
      found.loss = received ? lost / (lost + received) : 1;
      found.jitter = one.jitter ?? 0;
    }
    if (one.type === "remote-inbound-rtp" && one.kind === "audio") found.roundTrip = one.roundTripTime ?? 0;
  });
  return found;
}
