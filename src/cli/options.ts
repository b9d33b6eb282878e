import { InvalidArgumentError } from "commander"

/** Readers of options' values; commander shows what they throw together with the option's name. */
export function wholeNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text)
  throw new InvalidArgumentError("It is a whole number, 1 or more.")
}

export function tcpPort(text: string): number {
  const port = wholeNumber(text)
  if (port <= 65535) return port
  throw new InvalidArgumentError("A port is a number from 1 to 65535.")
}

export function wholeNumberOrZero(text: string): number {
  return text === "0" ? 0 : wholeNumber(text)
}
