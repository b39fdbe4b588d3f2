/** An error answer as the three dialects word it, in one shape. */
export type ReadFailure = {
  status: number;
  message: string;
  type?: string;
  code?: string | null;
  param?: string | null;
};

type Body = {
  error: { message: string; type?: string; code?: string | null; param?: string | null };
};

/** Reads an error answer and holds it to what every client needs: JSON, a message, a request id. */
export async function readFailure(response: Response): Promise<ReadFailure> {
  const contentType = response.headers.get('content-type');
  const text = await response.text();
  if (!contentType?.startsWith('application/json')) {
    throw new Error(`${response.status} ${contentType}: ${text.slice(0, 400)}`);
  }
  const { error } = JSON.parse(text) as Body; // all three dialects have `error.message`
  return { status: response.status, ...error };
}
