#!/usr/bin/env bash
# git diff | ask.sh 'Write a commit message.'
# Answers a prompt about what stands on the input, and prints the answer as it comes. BASE_URL names the
# server (default http://127.0.0.1:6789), PROXY_API_KEY the key, MODEL the model (default sonnet).
set -euo pipefail

# Reads the input; writes the body of the request, the prompt first.
to_body() {
  node -e '
    const [model, prompt] = process.argv.slice(1);
    const input = require("node:fs").readFileSync(0, "utf8");
    const content = [prompt, input].filter(Boolean).join("\n\n");
    console.log(JSON.stringify({ model, stream: true, messages: [{ role: "user", content }] }));
  ' "$@"
}

# Reads the stream; writes the text. Whatever else comes is a failure.
print_text() {
  node -e '
    const print = (chunk) => {
      if (chunk.error) throw new Error(chunk.error.message);
      process.stdout.write(chunk.choices[0]?.delta.content ?? "");
    };
    require("node:readline").createInterface({ input: process.stdin })
      .on("line", (line) => {
        if (line.startsWith("data: {")) print(JSON.parse(line.slice(6)));
        if (line.startsWith("{")) console.error(line);
      })
      .on("close", () => process.stdout.write("\n"));
  '
}

to_body "${MODEL:-sonnet}" "$*" |
  curl --no-buffer --silent --show-error --fail-with-body \
    "${BASE_URL:-http://127.0.0.1:6789}/v1/chat/completions" \
    --header "authorization: Bearer $PROXY_API_KEY" \
    --header 'content-type: application/json' \
    --data-binary @- |
  print_text
