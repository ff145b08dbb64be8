export * from "../src/component"
