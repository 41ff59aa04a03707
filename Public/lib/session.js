// The key of this tab, and what it is for.

export const key = () => sessionStorage.getItem("key");
export const setKey = (value) => sessionStorage.setItem("key", value);
export const forgetKey = () => sessionStorage.removeItem("key");
/** Scopes of what may be asked for, as the service tells them. */
export const access = { keyRequired: false, scopes: [] };
export const may = (scope) => access.scopes.includes(scope);
