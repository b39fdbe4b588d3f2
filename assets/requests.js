// The filter of the requests: its times are the reader's own, and what is empty stays out of the address.
const form = document.querySelector('form.filter');
const times = [...form.querySelectorAll('[type=datetime-local]')];

for (const zone of form.querySelectorAll('.zone')) zone.remove();
for (const field of times) if (field.value) field.value = toLocal(new Date(`${field.value}Z`));
form.addEventListener('formdata', ({ formData }) => {
  for (const { name, value } of times)
    if (value) formData.set(name, new Date(value).toISOString().replace(':00.000Z', 'Z'));
  for (const { name, value } of form.elements) if (name && !value) formData.delete(name);
});

/** As the field has it: no zone, no seconds. */
function toLocal(time) {
  const shifted = new Date(time.getTime() - time.getTimezoneOffset() * 60_000);
  return shifted.toISOString().slice(0, 16);
}
