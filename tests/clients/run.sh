#!/usr/bin/env bash
# An agent's session over /api/run: every argument is a prompt, without quotes or backslashes.
# BASE_URL and API_KEY name the server. Each event is one line of JSON, so the shell alone can read it.
set -euo pipefail

session=''
for prompt in "$@"; do
  while IFS= read -r event; do
    case $event in
      '{"type":"run-start"'*)
        session=${event#*'"sessionId":"'}
        session=${session%%'"'*}
        ;;
      '{"type":"part-delta"'*)
        text=${event#*'"delta":"'}
        text=${text%'"}'}
        # `%b` undoes the escapes of JSON, all but that of the quote.
        printf '%b' "${text//'\"'/'"'}"
        ;;
      '{"type":"error"'*)
        printf '%s\n' "$event" >&2
        exit 1
        ;;
    esac
  done < <(
    curl --no-buffer --silent --show-error --fail-with-body "$BASE_URL/api/run" \
      --header "authorization: Bearer $API_KEY" \
      --header 'content-type: application/json' \
      --header 'accept: application/x-ndjson' \
      --data "{\"model\":\"sonnet\",\"stream\":true,\"prompt\":\"$prompt\"${session:+,\"sessionId\":\"$session\"}}"
  )
  printf '\n'
done
