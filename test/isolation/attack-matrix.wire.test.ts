import { describeAttackMatrix } from "./attack-matrix.ts";
import { startAttackWorld } from "./attack-world.ts";

describeAttackMatrix("straight to PostgreSQL", () => startAttackWorld());
