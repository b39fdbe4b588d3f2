#!/usr/bin/env bash
# A conversation over /v1/chat/completions: every argument is what the user says next.
# BASE_URL and API_KEY name the server; with STREAM=true the replies are printed as they come.
set -euo pipefail

reply_file=$(mktemp)
trap 'rm -f "$reply_file"' EXIT

# Reads a text, writes it as a message of the given role.
to_message() {
  node -e '
    const content = require("node:fs").readFileSync(0, "utf8");
    console.log(JSON.stringify({ role: process.argv[1], content }));
  ' "$1"
}

ask() {
  printf '{"model":"sonnet","stream":%s,"messages":[%s]}' "${STREAM:-false}" "$1" |
    curl --no-buffer --silent --show-error --fail "$BASE_URL/v1/chat/completions" \
      --header "authorization: Bearer $API_KEY" \
      --header 'content-type: application/json' \
      --data-binary @-
}

print_stream() {
  while IFS= read -r line; do
    [[ $line == *'"delta":{"content":"'* ]] || continue
    text=${line#*'"delta":{"content":"'}
    text=${text%%'"},"logprobs":'*}
    # `%b` undoes the escapes of JSON, all but that of the quote.
    printf '%b' "${text//'\"'/'"'}"
  done
}

print_whole() {
  node -e '
    const body = require("node:fs").readFileSync(0, "utf8");
    if (body) process.stdout.write(JSON.parse(body).choices[0].message.content);
  '
}

messages=''
for said in "$@"; do
  messages+="${messages:+,}$(printf '%s' "$said" | to_message user)"
  if [[ ${STREAM:-false} == true ]]; then
    ask "$messages" | print_stream | tee "$reply_file"
  else
    ask "$messages" | print_whole | tee "$reply_file"
  fi
  printf '\n'
  messages+=",$(to_message assistant <"$reply_file")"
done
