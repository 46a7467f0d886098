// Drives a gateway with the official OpenAI client: node openai-client.mjs BASE_URL API_KEY MODEL
import assert from "node:assert/strict";
import OpenAI from "openai";

const [baseURL, apiKey, model] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
const messages = [{ role: "user", content: "How do I list hidden files?" }];
const greedy = { model, messages, max_tokens: 16, temperature: 0, ignore_eos: true };

const models = [];
for await (const one of await client.models.list()) models.push(one.id);
assert.deepEqual(models, [model]);

const whole = await client.chat.completions.create(greedy);
assert.equal(whole.choices[0].message.role, "assistant");
assert.equal(whole.usage.completion_tokens, 16);

let streamed = "";
let usage;
const stream = await client.chat.completions.create({
  ...greedy,
  stream: true,
  stream_options: { include_usage: true },
});
for await (const chunk of stream) {
  streamed += chunk.choices[0]?.delta?.content ?? "";
  usage = chunk.usage ?? usage;
}
assert.equal(streamed, whole.choices[0].message.content);
assert.deepEqual(usage, whole.usage);

const text = await client.completions.create({ model, prompt: "def add(", max_tokens: 4 });
assert.equal(text.usage.completion_tokens, 4);

const endless = await client.chat.completions.create({
  ...greedy,
  max_tokens: 900,
  ignore_eos: true,
  stream: true,
});
for await (const chunk of endless) {
  if (chunk.choices[0].delta.content) break; // leaving the loop aborts the request
}

const asked = await client.responses.create({
  model,
  input: "Write a poem about the sea",
  max_output_tokens: 900,
  ignore_eos: true,
  background: true,
});
assert.ok(["queued", "in_progress"].includes(asked.status), asked.status);
assert.equal((await client.responses.cancel(asked.id)).status, "cancelled");
assert.equal((await client.responses.retrieve(asked.id)).status, "cancelled");

await assert.rejects(
  client.chat.completions.create({ ...greedy, model: "none" }),
  (e) => e instanceof OpenAI.NotFoundError && e.code === "model_not_found",
);
console.log("ok");
