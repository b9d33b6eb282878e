import { openMemoryStore } from "../../../src/store/open.ts"
import { storeContract } from "./contract.ts"

storeContract("the store in memory", (clock) => openMemoryStore({ clock }))
