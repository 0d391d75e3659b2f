import { connect, type Socket } from "node:net";
import process from "node:process";
import { type Attack, type AttackName, attacks } from "./attacks.ts";

/**
 * A process of its own, so that the attacker's work is not the server's or the well-behaved client's. Attacks until it is killed;
 * a connection that the server ends is opened again, not more often than this.
 */
const reconnectMs = 20;
/** Pauses where the server does not take more, and never sends more at once than a round. */
const roundMs = 2;

const port = Number(process.argv[2]);
const attack: Attack = attacks[process.argv[3] as AttackName];
/** Absent: the same address as everybody else. */
const from = process.argv[4];
const counts = { connected: 0, ended: 0, rounds: 0 };

function open(): void {
  const socket: Socket = connect({ port, host: "127.0.0.1", ...(from === undefined ? {} : { localAddress: from }) });
  let round = 0;
  const next = () => {
    if (socket.destroyed) return;
    const bytes = attack.again(port, round);
    if (bytes === undefined) return;
    round += 1;
    counts.rounds += 1;
    if (socket.write(bytes)) setTimeout(next, roundMs);
    else socket.once("drain", next);
  };
  socket.on("connect", () => {
    counts.connected += 1;
    socket.write(attack.begin(port));
    next();
  });
  if (attack.reads) socket.resume();
  else socket.pause();
  socket.on("error", () => undefined);
  socket.on("close", () => {
    counts.ended += 1;
    setTimeout(open, reconnectMs);
  });
}

for (let n = 0; n < attack.connections; n += 1) open();
process.on("message", () => process.send?.(counts));
process.on("disconnect", () => process.exit());
