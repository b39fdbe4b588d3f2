type Bar = { label: string; share: number };

/** The rows of bench/RESULTS.md that the chart shows, by how they begin. */
const ROWS = {
  'first token, one request on an idle server': 'new conversation',
  'first token, next turn of a conversation': 'next turn',
} as const;

const [WIDTH, ROW_HEIGHT, LEFT] = [640, 34, 170];
const LONGEST = WIDTH - LEFT - 90;

/** A chart of the time to the first token beside that of `claude -p`. Throws when a row is missing. */
export function toSpeedChart(results: string): string {
  const bars = [{ label: 'claude -p', share: 1 }, ...Object.entries(ROWS).map(toBar(results))];
  const height = bars.length * ROW_HEIGHT + 16;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" font-family="system-ui, sans-serif" font-size="15">
<title>Time to the first token, as a share of that of claude -p</title>
<rect width="${WIDTH}" height="${height}" rx="8" fill="#faf9f6"/>
${bars.map(draw).join('\n')}
</svg>
`;
}

function toBar(results: string) {
  return ([start, label]: [string, string]): Bar => {
    const row = results.split('\n').find((line) => line.startsWith(`| ${start} `));
    const share = Number.parseFloat(row?.split('|')[4] ?? '');
    if (!(share > 0)) throw new Error(`bench/RESULTS.md has no ratio for "${start}".`);
    return { label, share };
  };
}

function draw({ label, share }: Bar, index: number) {
  const y = 8 + index * ROW_HEIGHT;
  const width = Math.max(2, share * LONGEST).toFixed(1);
  const text = y + ROW_HEIGHT / 2 + 5;
  return `<text x="${LEFT - 12}" y="${text}" text-anchor="end" fill="#23211d">${label}</text>
<rect x="${LEFT}" y="${y + 5}" width="${width}" height="${ROW_HEIGHT - 10}" rx="3" fill="${index === 0 ? '#b9b3a6' : '#a8481f'}"/>
<text x="${(LEFT + Number(width) + 10).toFixed(1)}" y="${text}" fill="#23211d">${Math.round(share * 100)} %</text>`;
}
